export interface paths {
  "/api/v1/auth/register": { post: operations["register"] };
  "/api/v1/auth/login": { post: operations["login"] };
  "/api/v1/auth/logout": { post: operations["logout"] };
  "/api/v1/auth/me": { get: operations["me"] };
}
export interface components {
  schemas: {
    UserOut: { id: string; email: string; full_name: string | null };
    TenantOut: { id: string; name: string };
    SessionOut: {
      access_token: string;
      token_type: "bearer";
      expires_in: number;
      user: components["schemas"]["UserOut"];
      tenant: components["schemas"]["TenantOut"];
    };
    MeOut: {
      user: components["schemas"]["UserOut"];
      tenant: components["schemas"]["TenantOut"];
    };
  };
}
export interface operations {
  register: {
    requestBody: {
      content: {
        "application/json": {
          email: string;
          password: string;
          full_name?: string | null;
          tenant_name: string;
        };
      };
    };
    responses: {
      201: { content: { "application/json": components["schemas"]["SessionOut"] } };
    };
  };
  login: {
    requestBody: { content: { "application/json": { email: string; password: string } } };
    responses: {
      200: { content: { "application/json": components["schemas"]["SessionOut"] } };
    };
  };
  logout: { responses: { 204: { content?: never } } };
  me: {
    responses: { 200: { content: { "application/json": components["schemas"]["MeOut"] } } };
  };
}
