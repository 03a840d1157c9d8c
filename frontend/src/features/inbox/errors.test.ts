/** A refused answer says what is wrong where it is wrong. */
import { describe, expect, it } from "vitest";
import { ApiError } from "@/lib/api/error";
import { answerErrors } from "./errors";

describe("answerErrors", () => {
  it("gives each field its own sentence", () => {
    const errors = [{ loc: ["values", "amount"], code: "wrong_type", message: "A number." }];
    const refused = new ApiError(422, "values_invalid", "Invalid", "A number.", { errors });
    expect(answerErrors(refused)).toEqual({ amount: "A number." });
  });
  it("keeps what belongs to no field", () => {
    const closed = new ApiError(409, "approval_closed", "Conflict", "It is closed already.");
    expect(answerErrors(closed)).toEqual({ "": "It is closed already." });
  });
});
