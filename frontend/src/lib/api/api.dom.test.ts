/** Refusals become typed errors, and field problems find their fields. */
import { act, renderHook } from "@testing-library/react";
import { useForm } from "react-hook-form";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, readProblem } from "./error";
import { fieldName, setFormErrors } from "./form";
import { createQueryClient, retryDelay, shouldRetry } from "./query";
import { loginPath, transport } from "./transport";

const problem = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, statusText: "No" });

describe("readProblem", () => {
  it("keeps every part of a problem", async () => {
    const errors = [{ loc: ["body", "email"], code: "taken", message: "Taken." }];
    const body = { title: "Not valid", detail: "Look", code: "invalid", errors, request_id: "r1" };
    expect(await readProblem(problem(422, body))).toMatchObject({
      ...{ status: 422, code: "invalid", title: "Not valid", detail: "Look", requestId: "r1" },
      errors,
    });
  });
  it("makes a sentence of a page that is not a problem", async () => {
    const error = await readProblem(new Response("<html>", { status: 502, statusText: "" }));
    expect(error).toMatchObject({ code: "http_502", message: "The server answered 502" });
  });
  it.each([
    ["90", 90],
    [new Date(Date.now() + 89_500).toUTCString(), 90],
    ["soon", null],
    ["-1", null],
  ])("knows from Retry-After %s how long to wait", async (header, seconds) => {
    const headers = { "retry-after": header };
    const { retryAfter, message } = await readProblem(new Response("", { status: 429, headers }));
    if (seconds === null) return expect([retryAfter, message]).toEqual([null, "Too many requests"]);
    expect(Math.abs((retryAfter ?? 0) - seconds)).toBeLessThanOrEqual(1);
    expect(message).toMatch(/^Try again in 1 m (29|30) s\.$/);
  });
  it("keeps the server's own sentence on when to come again", async () => {
    const body = JSON.stringify({ title: "Too many requests", detail: "Try again in 7 s." });
    const response = new Response(body, { status: 429, headers: { "retry-after": "7" } });
    expect(await readProblem(response)).toMatchObject({
      retryAfter: 7,
      message: "Try again in 7 s.",
    });
  });
});

describe("transport", () => {
  const network = vi.fn<typeof fetch>();
  beforeEach(() => vi.stubGlobal("fetch", network));
  afterEach(() => {
    network.mockReset();
    vi.unstubAllGlobals();
  });
  const send = () => transport(new Request("http://localhost/api/v1/flows"));

  it("throws what the server refuses", async () => {
    network.mockResolvedValue(problem(409, { title: "Taken", code: "name_taken" }));
    await expect(send()).rejects.toMatchObject({ status: 409, code: "name_taken" });
  });
  it("renews the session once for all who wait, and goes on", async () => {
    const renewals = vi.fn();
    let signedIn = false;
    network.mockImplementation(async (input) => {
      const request = input as Request;
      if (request.url.endsWith("/auth/refresh")) {
        renewals(request.method);
        signedIn = true;
        return new Response("{}");
      }
      return signedIn ? new Response(await request.text()) : problem(401, {});
    });
    const post = (body: string) =>
      transport(new Request("http://localhost/api/v1/flows", { method: "POST", body }));
    const answers = await Promise.all([post("one"), post("two"), send()]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(["one", "two", ""]);
    expect(renewals.mock.calls).toEqual([["POST"]]);
  });
  it("does not renew for a form that was refused", async () => {
    network.mockResolvedValue(problem(401, { code: "bad_credentials" }));
    const login = new Request("http://localhost/api/v1/auth/login", { method: "POST" });
    await expect(transport(login)).rejects.toMatchObject({ code: "bad_credentials" });
    expect(network).toHaveBeenCalledOnce();
  });
  it("says that the server is away when renewing fails for another reason", async () => {
    network.mockImplementation((input) =>
      Promise.resolve(problem((input as Request).url.endsWith("/refresh") ? 503 : 401, {})),
    );
    await expect(send()).rejects.toMatchObject({ status: 503 });
  });
  it("says when no answer came", async () => {
    network.mockRejectedValue(new TypeError("Failed to fetch"));
    await expect(send()).rejects.toMatchObject({ status: 0, code: "unreachable" });
  });
});

it("leads back after signing in", () => {
  expect(loginPath("/")).toBe("/login/");
  expect(loginPath("/flows/edit/?id=1")).toBe("/login/?next=%2Fflows%2Fedit%2F%3Fid%3D1");
});

it.each([
  [0, 0, true],
  [503, 1, true],
  [503, 2, false],
  [404, 0, false],
  [409, 0, false],
  [422, 0, false],
  [429, 0, false],
])("status %d after %d failures: again %s", (status, failures, again) => {
  expect(shouldRetry(failures, new ApiError(status, "c", "t", "d"))).toBe(again);
});

describe("too many requests", () => {
  const refusal = (retryAfter: number) =>
    new ApiError(429, "too_many_requests", "t", "d", { retryAfter });

  it("is asked again only when told that it takes a moment, and then not before", () => {
    expect(shouldRetry(0, refusal(3))).toBe(true);
    expect(shouldRetry(2, refusal(3))).toBe(false);
    expect(shouldRetry(0, refusal(6))).toBe(false);
    expect(retryDelay(0, refusal(3))).toBeGreaterThanOrEqual(3000);
    expect(retryDelay(0, refusal(3))).toBeLessThan(4000);
    expect(retryDelay(1, new ApiError(503, "c", "t", "d"))).toBe(2000);
  });

  it("is not repeated by a query that was told to wait for long", async () => {
    const ask = vi.fn().mockRejectedValue(refusal(60));
    const query = createQueryClient().fetchQuery({
      queryKey: ["x"],
      queryFn: ask,
      retry: shouldRetry,
    });
    await expect(query).rejects.toMatchObject({ status: 429 });
    expect(ask).toHaveBeenCalledOnce();
  });
});

it("names fields as the form does", () => {
  expect(fieldName(["body", "tasks", 0, "name"])).toBe("tasks.0.name");
});

it("puts known problems on their fields and the rest on the form", () => {
  const { result } = renderHook(() => {
    const form = useForm({ defaultValues: { email: "" } });
    return { form, errors: form.formState.errors };
  });
  const errors = [
    { loc: ["body", "email"], code: "taken", message: "Taken." },
    { loc: ["body", "other"], code: "bad", message: "Wrong." },
  ];
  const problem = new ApiError(422, "invalid", "t", "d", { errors });
  act(() => setFormErrors(result.current.form, problem));
  expect(result.current.errors.email?.message).toBe("Taken.");
  expect(result.current.errors.root?.message).toBe("other: Wrong.");
});

it("puts a refusal that is about one field on that field", () => {
  const { result } = renderHook(() => {
    const form = useForm({ defaultValues: { name: "" } });
    return { form, errors: form.formState.errors };
  });
  const problem = new ApiError(409, "name_taken", "t", "There is one already.");
  act(() => setFormErrors(result.current.form, problem, { name_taken: "name" }));
  expect(result.current.errors.name?.message).toBe("There is one already.");
  expect(result.current.errors.root).toBeUndefined();
});
