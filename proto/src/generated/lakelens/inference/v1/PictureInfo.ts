// Original file: inference.proto


export interface PictureInfo {
  /**
   * by the bytes, e.g. image/webp
   */
  'mediaType'?: (string);
  /**
   * after EXIF orientation
   */
  'width'?: (number);
  'height'?: (number);
  /**
   * WebP
   */
  'thumbnail'?: (Buffer | Uint8Array | string);
}

export interface PictureInfo__Output {
  /**
   * by the bytes, e.g. image/webp
   */
  'mediaType': (string);
  /**
   * after EXIF orientation
   */
  'width': (number);
  'height': (number);
  /**
   * WebP
   */
  'thumbnail': (Buffer);
}
