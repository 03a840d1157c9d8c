/** Addresses of the page that shows model providers. */

export const MODELS_PATH = "/models/";

/** The list with the form of a new provider. */
export const NEW_MODEL_PATH = `${MODELS_PATH}?new=1`;
