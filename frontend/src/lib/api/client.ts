/** The typed client of the REST API, generated types from `npm run gen:api`. */
import createFetchClient from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import type { components, paths } from "./schema";
import { transport } from "./transport";

// While pages are prerendered there is no location, and nothing is fetched either.
const baseUrl = typeof window === "undefined" ? "http://localhost" : window.location.origin;

/** `const { data } = await api.GET("/api/v1/flows", {...})`; every refusal is thrown as ApiError. */
export const api = createFetchClient<paths>({ baseUrl, fetch: transport });

/** `$api.useQuery("get", "/api/v1/flows", {...})` and `$api.useMutation(...)`. */
export const $api = createQueryClient(api);

/** A schema of the API by its OpenAPI name: `Schema<"FlowOut">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
