import path from 'node:path'
import { coco80 } from './coco80'
import type { Application } from './settings'

/** A file as its publisher offers it. */
export interface PublisherFile {
  /** The publisher's own file name; also its name under `LAKELENS_DATA/models`. */
  file: string
  /** An immutable revision. Null: there is none, and `byHand` says what to do. */
  address: string | null
  byHand?: string
  /** Null: recorded at the first fetch and held to from then on. */
  sha256: string | null
  byteSize: number | null
  /** False until somebody of this project has fetched from the address and found the digest right. */
  verified: boolean
}

/** A file that comes with LakeLens: there is nothing to fetch. */
export interface BundledFile {
  /** Absolute. */
  path: string
  sha256: string
  byteSize: number
}

interface SystemModelFacts {
  name: string
  /** Other names of this very model, compared without case. */
  aliases: readonly string[]
  application: Application
  /** SPDX id. */
  license: string
  description: string
  /** The keys of `model.yaml`, for the publisher's or the bundled file. */
  manifest: Readonly<Record<string, unknown>>
  labels: readonly string[]
}

/** A system model whose file is fetched from whoever publishes it. */
export type PublishedModel = SystemModelFacts & { publisher: PublisherFile; bundled?: undefined }
/** A system model whose file is in the repository. */
export type BundledModel = SystemModelFacts & { publisher?: undefined; bundled: BundledFile }
/** A model that is known without anybody registering it. */
export type SystemModel = PublishedModel | BundledModel

// ImageNet's mean and deviation after scaling to 0..1 are what `embedding` stands for when left out; the shorter side of
// 256 before the 224 crop is the evaluation protocol both files' publisher describes.
const imageNetCrop = { size: [224, 224], layout: 'nchw', color: 'rgb', resize: 'crop', resizeShorter: 256 }

/** Where the models that come with LakeLens are: beside `src` and `dist`, from both of which this runs. */
export const shippedModelsFolder = path.join(__dirname, '..', '..', 'shipped')
const bundled = (file: string, sha256: string, byteSize: number): BundledFile => ({
  path: path.join(shippedModelsFolder, file),
  sha256,
  byteSize,
})

/**
 * Addresses, digests and sizes are as public sources state them; not one of them was fetched while this was written, hence
 * `verified: false`. A digest that turns out wrong is an error that names both, never a silent use of another file.
 */
export const systemModels: readonly SystemModel[] = [
  {
    name: 'yolov8n',
    aliases: [],
    application: 'AUTO_TAGGING',
    license: 'AGPL-3.0',
    description:
      'YOLOv8 nano trained on COCO: 80 labels. The published export takes 640×640 only; an export with free sizes can be listed in models.json.',
    manifest: {
      task: 'detection',
      output: 'yolov8',
      input: { layout: 'nchw', color: 'rgb', resize: 'letterbox', pad: 114, stride: 32 },
    },
    labels: coco80,
    publisher: {
      // The release of ultralytics/assets that first carried ONNX exports of the v8 family; digest and size as the
      // projects state that pin this asset (WebODM's model registry among them).
      file: 'yolov8n.onnx',
      address: 'https://github.com/ultralytics/assets/releases/download/v8.4.0/yolov8n.onnx',
      sha256: 'b2bc52f40e8e1c532427d5bde3575a5d5b571b739fab2c6df443733ed1589cbd',
      byteSize: 12_851_049,
      verified: false,
    },
  },
  {
    name: 'yolox-nano',
    aliases: [],
    application: 'AUTO_TAGGING',
    license: 'Apache-2.0',
    description: 'YOLOX nano trained on COCO: 80 labels, 416×416. The permissive choice for tagging.',
    manifest: {
      task: 'detection',
      output: 'yolox',
      input: { size: [416, 416], layout: 'nchw', color: 'bgr', scale: 1, resize: 'letterbox', pad: 114 },
    },
    labels: coco80,
    publisher: {
      // demo/ONNXRuntime/README.md of Megvii-BaseDetection/YOLOX.
      file: 'yolox_nano.onnx',
      address: 'https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx',
      sha256: 'c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d',
      byteSize: 3_659_407,
      verified: false,
    },
  },
  {
    name: 'resnet50',
    aliases: ['Resnet50'],
    application: 'EMBEDDING',
    license: 'Apache-2.0',
    description: 'ResNet-50 v1 trained on ImageNet: the 2048 pooled features before the classifier.',
    // The graph ends in logits; the ONNX Model Zoo's manifest generator (workflow_scripts/generate_onnx_hub_manifest.py)
    // names the pooled tensor of each of its classifiers: [batch, 2048, 1, 1] here.
    manifest: {
      task: 'embedding',
      output: 'embedding',
      tensor: 'resnetv17_pool1_fwd',
      vectorDimension: 2048,
      input: imageNetCrop,
    },
    labels: [],
    publisher: {
      file: 'resnet50-v1-12.onnx',
      address:
        'https://huggingface.co/onnxmodelzoo/resnet50-v1-12/resolve/1f95315d8bd3b3ca2ceabe54d274e0cdf5a83bbe/resnet50-v1-12.onnx',
      sha256: '3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526',
      byteSize: 102_576_593,
      verified: false,
    },
  },
  {
    name: 'mobilenetv2',
    aliases: [],
    application: 'EMBEDDING',
    license: 'Apache-2.0',
    description: 'MobileNetV2 trained on ImageNet: the 1280 pooled features before the classifier.',
    // As above; [batch, 1280, 1, 1].
    manifest: { task: 'embedding', output: 'embedding', tensor: '464', vectorDimension: 1280, input: imageNetCrop },
    labels: [],
    publisher: {
      file: 'mobilenetv2-12.onnx',
      address:
        'https://huggingface.co/onnxmodelzoo/mobilenetv2-12/resolve/23a2a25eaaa6fcd61865414c8a1acf13dda66b7a/mobilenetv2-12.onnx',
      sha256: 'c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5',
      byteSize: 13_964_571,
      verified: false,
    },
  },
  {
    name: 'shapes-detector',
    aliases: [],
    application: 'AUTO_TAGGING',
    license: 'Apache-2.0',
    description:
      'Trained on drawn pictures only, for trying out without internet: finds circle, square, triangle, star, cross and heart.',
    manifest: {
      task: 'detection',
      output: 'yolov8',
      input: { layout: 'nchw', color: 'rgb', resize: 'letterbox', pad: 114, scale: 1 / 255, stride: 32 },
    },
    labels: ['circle', 'square', 'triangle', 'star', 'cross', 'heart'],
    bundled: bundled(
      'shapes-detector.onnx',
      'd329dea0f6ed338add101f09d878ac4ee88471d61f5105a0afa793d999428455',
      1_069_678,
    ),
  },
  {
    name: 'shapes-embedder',
    aliases: [],
    application: 'EMBEDDING',
    license: 'Apache-2.0',
    description:
      'Trained on drawn pictures only, for trying out without internet: 64 numbers that say which shape and colour a picture is about.',
    manifest: {
      task: 'embedding',
      output: 'embedding',
      vectorDimension: 64,
      input: {
        size: [128, 128],
        layout: 'nchw',
        color: 'rgb',
        resize: 'letterbox',
        pad: 114,
        scale: 1 / 255,
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
    },
    labels: [],
    bundled: bundled(
      'shapes-embedder.onnx',
      '6bfe6f90a4f3e34d40e018b346e5e3ce7546b06f81ca580c316ce9ee3b074129',
      709_005,
    ),
  },
]
