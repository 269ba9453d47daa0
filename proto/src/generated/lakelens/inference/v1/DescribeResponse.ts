// Original file: inference.proto


export interface DescribeResponse {
  /**
   * models with inference.py are taken
   */
  'runsPython'?: (boolean);
  /**
   * empty: no Python was found
   */
  'pythonVersion'?: (string);
  /**
   * BUBBLEWRAP, or NONE
   */
  'sandbox'?: (string);
  /**
   * for people: what was found at the start, and what follows
   */
  'sandboxDetail'?: (string);
}

export interface DescribeResponse__Output {
  /**
   * models with inference.py are taken
   */
  'runsPython': (boolean);
  /**
   * empty: no Python was found
   */
  'pythonVersion': (string);
  /**
   * BUBBLEWRAP, or NONE
   */
  'sandbox': (string);
  /**
   * for people: what was found at the start, and what follows
   */
  'sandboxDetail': (string);
}
