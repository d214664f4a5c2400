/**
 * @file The projections of the primate amygdala that circuits use, each with the anatomical work that
 * describes it (monkey, where not said otherwise). A row here is a fact; a preset chooses rows.
 */
import type { Projection } from "./circuit.ts";

const stefanacci =
  "Stefanacci & Amaral 2002, J Comp Neurol 451:301; Cheng, Saleem & Tanaka 1997, J Neurosci 17:7902";
const pitkanen = "Pitkanen & Amaral 1998, J Comp Neurol 398:431";
const central =
  "Pitkanen, Savander & LeDoux 1997, Trends Neurosci 20:517; Sah et al. 2003, Physiol Rev 83:803";
const intercalated =
  "Royer, Martina & Pare 1999, J Neurosci 19:10575; Pare & Smith 1993, Neuroscience 57:1077";
const feedback = "Amaral & Price 1984, J Comp Neurol 230:465; Freese & Amaral 2005, J Comp Neurol 486:295";

const excites = (from: string, to: string, source: string, density = 1): Projection => ({
  from,
  to,
  sign: "+",
  density,
  source,
});
const inhibits = (from: string, to: string, source: string): Projection => ({
  from,
  to,
  sign: "-",
  density: 1,
  source,
});

/** Known projections, by name. */
export const PROJECTIONS = {
  "visual->LA": excites("visual", "LA", stefanacci),
  "LA->B": excites("LA", "B", `Pitkanen & Amaral 1991, Exp Brain Res 83:465; ${pitkanen}`),
  "LA->AB": excites("LA", "AB", pitkanen),
  "LA->CeA": excites("LA", "CeA", `${pitkanen}; Aggleton 1985, Exp Brain Res 57:390`),
  /** The direct path is sparse: a tenth of the connections exists (the share is our choice). */
  "LA->CeA sparse": excites("LA", "CeA", `${pitkanen}; Aggleton 1985, Exp Brain Res 57:390`, 0.1),
  "B->CeA": excites("B", "CeA", central),
  "AB->CeA": excites("AB", "CeA", central),
  "LA->ITC": excites("LA", "ITC", intercalated),
  "B->ITC": excites("B", "ITC", intercalated),
  "ITC->CeA": inhibits("ITC", "CeA", intercalated),
  "B->visual": excites("B", "visual", feedback),
} as const satisfies Record<string, Projection>;

/** The chosen projections. */
export function projections(...names: readonly (keyof typeof PROJECTIONS)[]): Projection[] {
  return names.map((name) => PROJECTIONS[name]);
}
