import type { NextConfig } from "next";

/** The server that `npm run dev` passes API calls on to; it must allow our origin (WATCHBILL_CORS_ORIGINS). */
const api = process.env.WATCHBILL_URL ?? "http://127.0.0.1:8000";

const shared: NextConfig = {
  // Every page becomes folder/index.html, which each static server finds without rewrite rules.
  trailingSlash: true,
  images: { unoptimized: true },
  reactStrictMode: true,
  devIndicators: false,
};

const development: NextConfig = {
  ...shared,
  skipTrailingSlashRedirect: true,
  // Compression would hold back the events of a running flow.
  compress: false,
  rewrites: async () => [{ source: "/api/:path*", destination: `${api}/api/:path*` }],
};

/** A static export: FastAPI, nginx or a CDN serves the files, nothing of Node runs in production. */
const production: NextConfig = { ...shared, output: "export" };

export default process.env.NODE_ENV === "development" ? development : production;
