/** What a video is, its picture turned as people see it. */
export interface VideoFacts {
  /** By the bytes: `video/mp4`, `video/quicktime`, `video/x-matroska`, `video/webm`. */
  mediaType: string
  /** `h264`, `hevc`, `vp9`, `av1`, … */
  codec: string
  /** Upright, in pixels. */
  width: number
  height: number
  /** Degrees clockwise that the stored frames are turned by to stand upright: 0, 90, 180 or 270. */
  rotation: number
  durationSeconds: number
  frameCount: number
  /** Frames a second, on average. */
  frameRate: number
}

/** What is kept of a video, and needed to look into it again. */
export type KnownFacts = Pick<VideoFacts, 'width' | 'height' | 'durationSeconds' | 'frameCount' | 'frameRate'>

/** Which frames are looked at. */
export type VideoSampling =
  | { fps: number }
  | { everyNthFrame: number }
  | { keyframesOnly: true }
  /** That many, evenly spread. */
  | { frameCount: number }

export interface SampledFrame {
  /** Among all frames of the video in the order they are shown; 0 is the first. */
  index: number
  timestampSeconds: number
  /** JPEG, upright. */
  data: Uint8Array
}

export interface VideoOptions {
  signal?: AbortSignal
}

/**
 * Looks into videos by a child process each. A file is a path on this machine (`BlobStore.withFile`). Throws VIDEO_TOOLS_MISSING
 * where there is no decoder, and MEDIA_UNREADABLE, CONTENT_TYPE_UNSUPPORTED or LIMIT_EXCEEDED for what is wrong with the file.
 */
export interface VideoTools {
  /** For people: what was found, or what is missing and how to get it. */
  describe(): Promise<{ available: boolean; detail: string }>
  /** Reads the container through and decodes a first frame. */
  probe(path: string, options?: VideoOptions): Promise<VideoFacts>
  /** JPEG of a frame near the beginning, longest side at most `size` pixels. */
  thumbnail(path: string, facts: KnownFacts, size: number, options?: VideoOptions): Promise<Uint8Array>
  /**
   * The frames of a sampling, in order, one at a time: the decoder waits while nobody asks. Throws MEDIA_UNREADABLE after the
   * last frame that could be read where the file is cut or broken. Ending the loop early ends the process.
   */
  frames(path: string, facts: KnownFacts, sampling: VideoSampling, options?: VideoOptions): AsyncIterable<SampledFrame>
}
