// Original file: inference.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A model by content. The service keeps files by digest and fetches one it lacks from `url`.
 */
export interface ModelRef {
  /**
   * for messages only
   */
  'name'?: (string);
  /**
   * of the file, lower-case hex
   */
  'sha256'?: (string);
  'byteSize'?: (number | string | Long);
  /**
   * short-lived
   */
  'url'?: (string);
  /**
   * the keys of model.yaml, defaults not filled in
   */
  'manifestJson'?: (string);
  'labels'?: (string)[];
  /**
   * ONNX: the file is the graph. PYTHON: the file is a package, tar or tar.gz, with code/inference.py.
   */
  'runtime'?: (string);
  /**
   * AUTO_TAGGING, AUTO_ANNOTATION or EMBEDDING
   */
  'application'?: (string);
}

/**
 * A model by content. The service keeps files by digest and fetches one it lacks from `url`.
 */
export interface ModelRef__Output {
  /**
   * for messages only
   */
  'name': (string);
  /**
   * of the file, lower-case hex
   */
  'sha256': (string);
  'byteSize': (number);
  /**
   * short-lived
   */
  'url': (string);
  /**
   * the keys of model.yaml, defaults not filled in
   */
  'manifestJson': (string);
  'labels': (string)[];
  /**
   * ONNX: the file is the graph. PYTHON: the file is a package, tar or tar.gz, with code/inference.py.
   */
  'runtime': (string);
  /**
   * AUTO_TAGGING, AUTO_ANNOTATION or EMBEDDING
   */
  'application': (string);
}
