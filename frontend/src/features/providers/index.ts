/** What routes and other features use of model providers. */
export { useAllProviders, useDemoModel, type Provider } from "./api";
export { ModelCommands } from "./commands";
export { MODELS_PATH, NEW_MODEL_PATH } from "./links";
export { ModelsView } from "./view";
