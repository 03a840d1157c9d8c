/** Finds the control of a field in the inspector, opens what hides it, and focuses it. */

const CONTROLS =
  "input, textarea, [contenteditable=true], button[role=combobox], button[role=switch], button";

/** `field` is dotted; where it has no control of its own, the nearest field around it is meant. */
export function focusField(panel: HTMLElement, field: string | null): void {
  const place = find(panel, field) ?? panel.querySelector<HTMLElement>('[data-field="label"]');
  if (!place) return;
  for (
    let fold = place.closest("details");
    fold;
    fold = fold.parentElement?.closest("details") ?? null
  ) {
    fold.open = true;
  }
  // A folded list entry draws its fields only when it is open.
  const opener = place.querySelector<HTMLButtonElement>('[data-opener][aria-expanded="false"]');
  if (opener && place.dataset.field !== field) {
    opener.click();
    requestAnimationFrame(() => focusField(panel, field));
    return;
  }
  const control = place.querySelector<HTMLElement>(CONTROLS);
  control?.focus();
  place.scrollIntoView({ block: "nearest" });
}

function find(panel: HTMLElement, field: string | null): HTMLElement | null {
  const parts = field?.split(".") ?? [];
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join(".").replace(/["\\]/g, "\\$&");
    const found = panel.querySelector<HTMLElement>(`[data-field="${name}"]`);
    if (found) return found;
  }
  return null;
}
