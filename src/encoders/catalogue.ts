/**
 * @file The encoders that are known by name: what the package carries, and those of the Hugging Face hub that the
 * field uses. An encoder in a folder, an .onnx file or another repository of the hub needs no entry.
 */
import { unknownName } from "../errors.ts";

interface EntryFacts {
  readonly name: string;
  readonly description: string;
  /** SPDX identifier of the weights' licence, as their authors state it. */
  readonly licence: string;
  /** Taps that are read when none are asked for. */
  readonly taps: string;
  /** Channels of each of these taps. */
  readonly widths: readonly number[];
  /** What the tap `pooled` is, and its channels. */
  readonly pooled: { readonly what: string; readonly width: number };
}

/** An encoder known by name: in the package, or on the hub. */
export type CatalogueEntry = EntryFacts &
  (
    | { /** Its folder below `assets/`. */ readonly asset: string }
    | {
        readonly asset?: never;
        /** Where it lies on the hub: `owner/name:file`. */
        readonly hub: string;
        /** Of the model's file, where we have pulled it ourselves; otherwise recorded at the first pull. */
        readonly sha256?: string;
      }
  );

const VISION = "onnx/vision_model.onnx";
const MODEL = "onnx/model.onnx";

/**
 * The catalogue, in the order in which it is listed. Entries of the hub were written after their models' cards and
 * papers: tests run graphs of their structure, not their weights.
 */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: "efficientnet-lite0",
    description:
      "EfficientNet-Lite0, ImageNet; the trunk alone, weights stored in int8 (Tan & Le 2019). For a first look.",
    licence: "Apache-2.0",
    taps: "5,6,7,8",
    widths: [112, 192, 320, 1280],
    pooled: { what: "mean of the last map", width: 1280 },
    asset: "efficientnet-lite0",
  },
  clip("clip-vit-base-patch32", "CLIP ViT-B/32", "6,9,12", 768, 512),
  clip("clip-vit-base-patch16", "CLIP ViT-B/16", "6,9,12", 768, 512),
  clip("clip-vit-large-patch14", "CLIP ViT-L/14", "12,18,24", 1024, 768),
  {
    name: "dinov2-small",
    description: "DINOv2 ViT-S/14, self-supervised on LVD-142M (Oquab et al. 2023).",
    licence: "Apache-2.0",
    taps: "6,9,12",
    widths: [384, 384, 384],
    pooled: { what: "CLS after the last norm", width: 384 },
    hub: `Xenova/dinov2-small:${MODEL}`,
  },
  {
    name: "dinov2-base",
    description: "DINOv2 ViT-B/14, self-supervised on LVD-142M (Oquab et al. 2023).",
    licence: "Apache-2.0",
    taps: "6,9,12",
    widths: [768, 768, 768],
    pooled: { what: "CLS after the last norm", width: 768 },
    hub: `Xenova/dinov2-base:${MODEL}`,
  },
  {
    name: "deit-tiny-distilled-patch16-224",
    description: "DeiT-Tiny/16, ImageNet, with a distillation token (Touvron et al. 2021).",
    licence: "Apache-2.0",
    taps: "6,9,12",
    widths: [192, 192, 192],
    pooled: { what: "CLS at the last depth", width: 192 },
    hub: `Xenova/deit-tiny-distilled-patch16-224:${MODEL}`,
  },
  {
    name: "vit-base-patch16-224",
    description: "ViT-B/16, ImageNet-21k, then ImageNet (Dosovitskiy et al. 2021).",
    licence: "Apache-2.0",
    taps: "6,9,12",
    widths: [768, 768, 768],
    pooled: { what: "CLS at the last depth", width: 768 },
    hub: `Xenova/vit-base-patch16-224:${MODEL}`,
  },
  {
    name: "siglip-base-patch16-224",
    description: "SigLIP ViT-B/16, pictures and texts of WebLI; no CLS token (Zhai et al. 2023).",
    licence: "Apache-2.0",
    taps: "6,9,12",
    widths: [768, 768, 768],
    pooled: { what: "attention-pooling head", width: 768 },
    hub: `Xenova/siglip-base-patch16-224:${VISION}`,
  },
  {
    name: "resnet-50",
    description: "ResNet-50, ImageNet (He et al. 2016).",
    licence: "Apache-2.0",
    taps: "last four stages",
    widths: [256, 512, 1024, 2048],
    pooled: { what: "mean of the last map", width: 2048 },
    hub: `Xenova/resnet-50:${MODEL}`,
  },
  {
    name: "convnext-tiny-224",
    description: "ConvNeXt-T, ImageNet (Liu et al. 2022).",
    licence: "Apache-2.0",
    taps: "last four stages",
    widths: [96, 192, 384, 768],
    pooled: { what: "mean of the last map", width: 768 },
    hub: `Xenova/convnext-tiny-224:${MODEL}`,
  },
];

/** A vision part of CLIP: the projected embedding is its pooled output (Radford et al. 2021, table 20). */
function clip(name: string, title: string, taps: string, width: number, embedding: number): CatalogueEntry {
  return {
    name,
    description: `${title}, 400 million pictures with their texts (Radford et al. 2021).`,
    licence: "MIT",
    taps,
    widths: [width, width, width],
    pooled: { what: "projected image embedding", width: embedding },
    hub: `Xenova/${name}:${VISION}`,
  };
}

/**
 * The entry of a name.
 * @throws ConfigError when there is none.
 */
export function catalogueEntry(name: string): CatalogueEntry {
  const entry = CATALOGUE.find((candidate) => candidate.name === name);
  if (entry) return entry;
  throw unknownName(
    "encoder",
    "encoder",
    name,
    CATALOGUE.map((candidate) => candidate.name),
  );
}
