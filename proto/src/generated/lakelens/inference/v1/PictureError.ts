// Original file: inference.proto


/**
 * One picture failed, the others did not.
 */
export interface PictureError {
  /**
   * MEDIA_UNREADABLE, CONTENT_TYPE_UNSUPPORTED, LIMIT_EXCEEDED, MODEL_FAILED
   */
  'code'?: (string);
  'message'?: (string);
}

/**
 * One picture failed, the others did not.
 */
export interface PictureError__Output {
  /**
   * MEDIA_UNREADABLE, CONTENT_TYPE_UNSUPPORTED, LIMIT_EXCEEDED, MODEL_FAILED
   */
  'code': (string);
  'message': (string);
}
