import { MultiBar, type SingleBar } from 'cli-progress'

/** One line of progress. `total` may grow while the work is being counted; 0: not known yet. */
export interface Progress {
  update(done: number, total: number, note?: string): void
  stop(): void
}

export interface ProgressBoard {
  add(label: string): Progress
  stop(): void
}

const lineEveryMs = 2_000

/**
 * Bars on a terminal; plain lines, at most one in two seconds and the last state, where the output is a file or a pipe.
 * On standard error: standard output belongs to results.
 */
export function createProgressBoard(out: NodeJS.WriteStream = process.stderr): ProgressBoard {
  return out.isTTY ? barBoard(out) : lineBoard(out)
}

function barBoard(out: NodeJS.WriteStream): ProgressBoard {
  const bars = new MultiBar({
    stream: out,
    clearOnComplete: false,
    hideCursor: true,
    format: '{label} {bar} {percentage}% {count} {note}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    linewrap: false,
  })
  return {
    add(label) {
      let bar: SingleBar | undefined
      return {
        update(done, total, note = '') {
          const known = Math.max(total, done)
          const payload = { label: label.padEnd(12), note, count: known > 0 ? `${done}/${known}` : '' }
          bar ??= bars.create(Math.max(known, 1), done, payload)
          bar.setTotal(Math.max(known, 1))
          bar.update(done, payload)
        },
        stop: () => bar?.stop(),
      }
    },
    stop: () => bars.stop(),
  }
}

function lineBoard(out: NodeJS.WriteStream): ProgressBoard {
  const open: Progress[] = []
  return {
    add(label) {
      let next = 0
      let unsaid: string | undefined
      const line: Progress = {
        update(done, total, note = '') {
          unsaid = `${label}: ${[total > 0 ? `${done}/${Math.max(total, done)}` : '', note].filter(Boolean).join(' ')}\n`
          if (Date.now() < next) return
          next = Date.now() + lineEveryMs
          line.stop()
        },
        stop() {
          if (unsaid !== undefined) out.write(unsaid)
          unsaid = undefined
        },
      }
      open.push(line)
      return line
    },
    stop: () => open.forEach((line) => line.stop()),
  }
}
