/** A frame as the decoder's log tells it. */
export interface FrameLine {
  index: number
  /** Seconds; null where the file gives none. */
  time: number | null
}

export interface VideoFault {
  reason: string
  /** The frame after the last that was shown before the fault was told of. */
  frame: number
}

export interface FrameLines {
  add(line: string): void
  /** No line comes any more. */
  end(): void
  /** The next frame that was chosen; null when there is none. */
  next(): Promise<FrameLine | null>
  /** The first sign that the file is cut or damaged. Decoders go on after it, and what comes is still true. */
  fault(): VideoFault | null
  shown(): number
}

// `[showinfo@all @ 0x55…] n:  12 pts:  1200 pts_time:1.2 …`; at the start of a line only: what a file says of itself is indented.
const linePattern = /^\[showinfo@(all|kept) @ [^\]]*\] n:\s*(\d+) pts:\s*(\S+) pts_time:\s*(\S+)/
const basePattern = /^\[showinfo@all @ [^\]]*\] config in time_base: (\d+)\/(\d+)/
const cutOff = 'it is cut off'
const faults: readonly [RegExp, string][] = [
  [/File ended prematurely|partial file|corrupt input packet|Truncating packet/, cutOff],
  [
    /corrupt decoded frame|Error while decoding stream|Error submitting (a )?packet to (the )?decoder|error while decoding MB|Invalid NAL unit size/,
    'it is damaged',
  ],
]
// Between the two filters lie a handful of frames; the rest of what was shown need not be remembered.
const remembered = 64

/**
 * Reads the log of two `showinfo` filters: `all` stands before the choice and counts every frame shown, `kept` after it. A frame
 * kept is found among all by its time stamp, because a filter only counts what comes to it.
 */
export function createFrameLines(): FrameLines {
  const recent: { index: number; pts: string; time: number | null }[] = []
  const kept: FrameLine[] = []
  let waiting: (() => void) | undefined
  let ended = false
  let shown = 0
  let fault: VideoFault | null = null
  let base: { numerator: number; denominator: number } | null = null

  const wake = (): void => {
    waiting?.()
    waiting = undefined
  }
  const addFrame = (which: string, pts: string, seconds: string): void => {
    // The log gives seconds with six digits: after an hour that is a hundredth of one.
    const time = base === null ? Number(seconds) : (Number(pts) * base.numerator) / base.denominator
    // The filters are made anew, and count from 0 again, when the pictures change their size: so the counting is done here.
    if (which === 'all') {
      recent.push({ index: shown++, pts, time: Number.isFinite(time) ? time : null })
      if (recent.length > remembered) recent.shift()
      return
    }
    // The last: where several have one time stamp, or none, the one just shown is meant.
    const at = recent.findLastIndex((frame) => frame.pts === pts)
    const found = recent[at]
    if (!found) return
    recent.splice(0, at + 1)
    kept.push({ index: found.index, time: found.time })
    wake()
  }
  return {
    add(line) {
      const [, which, , pts, seconds] = linePattern.exec(line) ?? []
      if (which !== undefined && pts !== undefined && seconds !== undefined) return addFrame(which, pts, seconds)
      const [, numerator, denominator] = basePattern.exec(line) ?? []
      if (Number(denominator) > 0) base = { numerator: Number(numerator), denominator: Number(denominator) }
      fault ??= faultOf(line, shown)
    },
    end() {
      ended = true
      wake()
    },
    async next() {
      while (kept.length === 0 && !ended) await new Promise<void>((resolve) => (waiting = resolve))
      return kept.shift() ?? null
    },
    // A decoder reads ahead of what it shows: where the file ends early, everything before the end is still shown.
    fault: () => (fault?.reason === cutOff ? { ...fault, frame: shown } : fault),
    shown: () => shown,
  }
}

function faultOf(line: string, frame: number): VideoFault | null {
  // Titles and other words of the file are indented; the program's own lines begin at the margin.
  if (/^\s/.test(line)) return null
  const reason = faults.find(([pattern]) => pattern.test(line))?.[1]
  return reason === undefined ? null : { reason, frame }
}
