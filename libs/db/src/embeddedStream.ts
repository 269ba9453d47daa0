import { Duplex } from 'node:stream'

interface EmbeddedStreamOptions {
  /** Why the database can't be reached any more. */
  lost: () => Error | undefined
  connect: () => void
  send: (bytes: Uint8Array<ArrayBuffer>) => void
}

/**
 * What the driver takes for its socket. The driver always writes whole protocol messages and corks a statement's messages
 * together, so what arrives here in one piece is one statement, as PGlite needs it.
 */
export class EmbeddedStream extends Duplex {
  constructor(private readonly options: EmbeddedStreamOptions) {
    super()
  }

  connect(): this {
    const lost = this.options.lost()
    if (lost) return this.destroy(lost)
    this.options.connect()
    process.nextTick(() => this.emit('connect'))
    return this
  }

  // A socket's switches that mean nothing here.
  setNoDelay = (): this => this
  setKeepAlive = (): this => this
  ref = (): this => this
  unref = (): this => this

  /** Bytes from the database. The driver buffers a whole result anyway, so there is nobody to push back. */
  receive(bytes: Uint8Array): void {
    if (!this.destroyed) this.push(bytes)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.forward([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.forward(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  private forward(chunks: Buffer[], done: (error?: Error) => void): void {
    const lost = this.options.lost()
    if (lost) return done(lost)
    // A copy of its own, because the driver reuses its buffers and these bytes are moved to the other thread.
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
    let offset = 0
    for (const chunk of chunks) {
      bytes.set(chunk, offset)
      offset += chunk.byteLength
    }
    this.options.send(bytes)
    done()
  }
}
