import type { NextConfig } from "next";

/** A static export: FastAPI, nginx or a CDN serves the files, nothing of Node runs in production. */
const config: NextConfig = {
  output: "export",
  // Every page becomes folder/index.html, which each static server finds without rewrite rules.
  trailingSlash: true,
  images: { unoptimized: true },
  reactStrictMode: true,
  devIndicators: false,
};

export default config;
