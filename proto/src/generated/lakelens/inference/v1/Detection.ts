// Original file: inference.proto


export interface Detection {
  'label'?: (string);
  'confidence'?: (number | string);
  /**
   * Fractions of the upright picture, top-left origin.
   */
  'x'?: (number | string);
  'y'?: (number | string);
  'width'?: (number | string);
  'height'?: (number | string);
  /**
   * the label is of the picture as a whole: there is no box
   */
  'wholePicture'?: (boolean);
}

export interface Detection__Output {
  'label': (string);
  'confidence': (number);
  /**
   * Fractions of the upright picture, top-left origin.
   */
  'x': (number);
  'y': (number);
  'width': (number);
  'height': (number);
  /**
   * the label is of the picture as a whole: there is no box
   */
  'wholePicture': (boolean);
}
