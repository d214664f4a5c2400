/**
 * @file The three slices, drawn by niivue: the only file that imports it, loaded when the brain drawer is first opened
 * (docs/decisions/022-brain-view.md). It gets numbers and places of ours, never a file, so that it reads nothing by itself.
 */
import { MULTIPLANAR_TYPE, Niivue, NVImage, SHOW_RENDER, SLICE_TYPE } from "@niivue/niivue";
import { voxelMillimetres } from "../../src/brain/grid.ts";
import { encodeNifti } from "../../src/brain/nifti-write.ts";
import { COLD, type Colours, WARM } from "./brain-colours.ts";
import type { Place, Shown } from "./brain-state.ts";
import type { Volume } from "./protocol.ts";

/** What is drawn. */
export interface Scene {
  readonly statistic: Volume | undefined;
  readonly background: Volume | undefined;
  readonly shown: Shown;
  /** The end of the colours. */
  readonly most: number;
}

/** A view on a canvas. */
export interface BrainView {
  draw(scene: Scene): Promise<void>;
  setThreshold(limit: number): void;
  moveTo(place: Place): void;
  /** Moves by voxels to the right, to the front and up. */
  step(right: number, front: number, up: number): void;
  close(): void;
}

/** niivue without its shortcuts, and with its font from a blob: the page's policy knows no `data:`. */
class Slices extends Niivue {
  override async loadPngAsTexture(url: string, unit: number): Promise<WebGLTexture | null> {
    const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (char) => char.charCodeAt(0));
    const local = URL.createObjectURL(new Blob([bytes]));
    try {
      return await super.loadPngAsTexture(local, unit);
    } finally {
      URL.revokeObjectURL(local);
    }
  }
  override async loadDefaultMatCap(): Promise<null> {
    return null; // of surfaces, which are not drawn
  }
  override keyDownListener(): void {}
  override keyUpListener(): void {}
}

/** Colours from the threshold to the end; the first entry, below the threshold, is clear. */
function colorMap(colours: Colours): Parameters<Niivue["addColormap"]>[1] {
  const channel = (at: number) => colours.map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
  const [R, G, B] = [channel(1), channel(3), channel(5)];
  return {
    R: [0, ...R],
    G: [0, ...G],
    B: [0, ...B],
    A: [0, ...colours.map(() => 255)],
    I: [0, ...colours.map((_, i) => Math.round(1 + (i * 254) / (colours.length - 1)))],
  };
}

const image = (
  { shape, affine }: Volume,
  data: Float32Array,
  options: Partial<Parameters<typeof NVImage.loadFromUrl>[0]>,
) =>
  NVImage.loadFromUrl({
    ...options,
    url: "numbers",
    name: "numbers.nii",
    buffer: encodeNifti({ grid: { shape, affine }, data }).buffer,
  });

/** Of float32, which the slices are drawn in. */
const ROUNDING = 1e-6;
/** Voxels around a region that are drawn. */
const MARGIN = 4;

/** A volume's own voxels: not what fills its first corner. */
const ownVoxels = ({ values }: Volume) =>
  values.map((value) => Number(value !== values[0] && !Number.isNaN(value)));

/** What lies below where there is no anatomy: the mask, or the statistic's own voxels, in the smallest box that holds both. */
function region(mask: Volume | undefined, statistic: Volume | undefined): Volume | undefined {
  if (!statistic || !mask)
    return mask ?? (statistic && boxed({ ...statistic, values: ownVoxels(statistic) }));
  const { shape, affine } = statistic;
  const same = [...mask.shape, ...mask.affine].every((value, i) => value === [...shape, ...affine][i]);
  const own = ownVoxels(statistic);
  return same ? boxed(mask, (v) => mask.values[v] !== 0 || own[v] !== 0) : mask;
}

function boxed(volume: Volume, inside = (v: number) => volume.values[v] !== 0): Volume {
  const { values, shape, affine } = volume;
  const [ni, nj, nk] = shape;
  const low = [ni, nj, nk];
  const high = [-1, -1, -1];
  for (let v = 0; v < values.length; v++) {
    if (!inside(v)) continue;
    for (const [axis, index] of [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))].entries()) {
      low[axis] = Math.min(low[axis]!, index);
      high[axis] = Math.max(high[axis]!, index);
    }
  }
  if (high[0] === -1) return { ...volume, binary: true };
  const corner = low.map((index) => Math.max(0, index - MARGIN)) as [number, number, number];
  const size = corner.map((from, axis) => Math.min(shape[axis]!, high[axis]! + MARGIN + 1) - from);
  const [i0, j0, k0] = corner;
  const [si, sj, sk] = size as [number, number, number];
  const valueAt = (v: number) => {
    const [i, j, k] = [i0 + (v % si), j0 + (Math.floor(v / si) % sj), k0 + Math.floor(v / (si * sj))];
    return values[i + ni * (j + nj * k)]!;
  };
  const moved = [...affine];
  for (const [axis, mm] of voxelMillimetres(affine, corner).entries()) moved[4 * axis + 3] = mm;
  return {
    name: volume.name,
    values: Float32Array.from({ length: si * sj * sk }, (_, v) => valueAt(v)),
    shape: [si, sj, sk],
    affine: moved,
    binary: true,
  };
}

/** Opens a view. @throws Error when the browser draws no WebGL 2 */
export async function openView(
  canvas: HTMLCanvasElement,
  onMove: (place: Place) => void,
): Promise<BrainView> {
  if (!new OffscreenCanvas(1, 1).getContext("webgl2"))
    throw new Error(
      "lab: WebGL 2 was expected for the brain, got none. Allow hardware acceleration in the browser's settings.",
    );
  const slices = new Slices({
    crosshairColor: [1, 1, 1, 1],
    crosshairGap: 4,
    crosshairWidth: 0.4,
    crosshairWidthUnit: "percent",
    dragAndDropEnabled: false,
    isNearestInterpolation: true,
    logLevel: "error",
    loadingText: "",
    multiplanarLayout: MULTIPLANAR_TYPE.AUTO,
    multiplanarShowRender: SHOW_RENDER.NEVER,
    scrollRequiresFocus: true,
    sliceType: SLICE_TYPE.MULTIPLANAR,
    tileMargin: 8,
  });
  slices.addColormap("warm", colorMap(WARM));
  slices.addColormap("cold", colorMap(COLD));
  slices.onLocationChange = (location) => {
    const [x, y, z] = (location as { mm: ArrayLike<number> & Iterable<number> }).mm;
    onMove([x!, y!, z!]);
  };
  await slices.attachToCanvas(canvas);
  let scene: Scene | undefined;
  let limit = 0;

  const applyThreshold = () => {
    if (!scene) return;
    const [overlay] = slices.overlays;
    const { shown, most } = scene;
    const below = shown === "below";
    const end = below ? 1 : most;
    const from = Math.max(0, (below ? 1 - limit : limit) - ROUNDING * end); // the threshold itself is shown
    const range = { cal_min: from, cal_max: end, ...(!below && { cal_minNeg: -end, cal_maxNeg: -from }) };
    if (overlay) Object.assign(overlay, range);
    slices.updateGLVolume();
  };
  const draw = async (wanted: Scene) => {
    const { statistic, background, shown } = wanted;
    const base = background && !background.binary ? background : region(background, statistic);
    if (!base) return;
    const grey = { colormap: "gray", ...(base.binary && { cal_min: 0, cal_max: 3 }) };
    const below = await image(base, base.values, grey);
    const above =
      statistic &&
      (await image(
        statistic,
        statistic.values.map((value) => (!value ? 0 : shown === "below" ? 1 - value : value)), // NaN, too, is outside
        { colormap: "warm", ...(shown === "beyond" && { colormapNegative: "cold" }) },
      ));
    slices.overlays = above ? [above] : [];
    slices.volumes = [below, ...slices.overlays];
    slices.back = below;
    scene = wanted;
    applyThreshold();
  };
  let last = Promise.resolve();
  return {
    draw: (wanted) => {
      last = last.then(() => draw(wanted));
      return last;
    },
    setThreshold: (wanted) => {
      limit = wanted;
      applyThreshold();
    },
    moveTo: ([x, y, z]) => {
      if (slices.volumes.length === 0) return;
      slices.scene.crosshairPos = slices.mm2frac([x, y, z]);
      slices.createOnLocationChange();
      slices.drawScene();
    },
    step: (right, front, up) => {
      if (slices.volumes.length > 0) slices.moveCrosshairInVox(right, front, up);
    },
    close: () => {
      slices.cleanup();
      slices.gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}
