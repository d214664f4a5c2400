/** @file Colours of the brain view: orange above 0, blue below (Okabe & Ito's, safe for colour-blind eyes), the lighter the stronger, on black. */

export type Colours = readonly string[];
export const WARM: Colours = ["#8f3f00", "#d55e00", "#ffe3bf"];
export const COLD: Colours = ["#004a75", "#0072b2", "#bfe4ff"];
/** A bar from the weakest to the strongest. */
export const gradient = (colours: Colours, direction: "left" | "right") =>
  `linear-gradient(to ${direction}, ${colours.join(", ")})`;
