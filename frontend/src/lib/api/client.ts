/** The typed client of the REST API, generated types from `npm run gen:api`. */
import createFetchClient from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import type { components, paths } from "./schema";
import { parseAnswer, writeJson } from "../json";
import { transport } from "./transport";

// While pages are prerendered there is no location, and nothing is fetched either.
const baseUrl = typeof window === "undefined" ? "http://localhost" : window.location.origin;

/** `const { data } = await api.GET("/api/v1/flows", {...})`; every refusal is thrown as ApiError. */
export const api = createFetchClient<paths>({
  baseUrl,
  fetch: transport,
  bodySerializer: writeJson,
});

// The client's own reader would round whole numbers above 2^53.
api.use({
  async onResponse({ response }) {
    const json = response.headers.get("content-type")?.startsWith("application/json");
    if (!json || response.status === 204) return undefined;
    return exactly(response, await response.text());
  },
});

/** The answer with an exact reader; the client asks for it only where the length is known. */
function exactly(response: Response, text: string): Response {
  const headers = new Headers(response.headers);
  headers.set("content-length", String(text.length));
  const { status, statusText } = response;
  const answer = new Response(text, { status, statusText, headers });
  return Object.defineProperty(answer, "json", { value: () => Promise.resolve(parseAnswer(text)) });
}

/** `$api.useQuery("get", "/api/v1/flows", {...})` and `$api.useMutation(...)`. */
export const $api = createQueryClient(api);

/** A schema of the API by its OpenAPI name: `Schema<"FlowOut">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
