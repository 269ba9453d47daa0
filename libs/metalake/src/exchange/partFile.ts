import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** Enough that a part costs few writes. */
const bufferedLength = 256 * 1024

/** A part of a file that is written before what goes before it is known: kept in the scratch folder, then copied. */
export class PartFile {
  private waiting: string[] = []
  private length = 0
  private written = 0

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async open(path: string): Promise<PartFile> {
    return new PartFile(path, await open(path, 'wx', 0o600))
  }

  /** Adds an element of a JSON list. */
  async add(element: unknown): Promise<void> {
    const text = JSON.stringify(element)
    this.waiting.push(this.written++ === 0 ? text : `,\n${text}`)
    this.length += text.length
    if (this.length > bufferedLength) await this.flush()
  }

  private async flush(): Promise<void> {
    const text = this.waiting.join('')
    this.waiting = []
    this.length = 0
    await this.file.writeFile(text)
  }

  async close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      await this.file.close()
    }
  }

  async *content(): AsyncGenerator<Buffer> {
    yield* createReadStream(this.path, { highWaterMark: bufferedLength }) as AsyncIterable<Buffer>
  }
}
