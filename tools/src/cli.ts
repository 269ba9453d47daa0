import { run } from './program'

void run(process.argv).then((code) => {
  // Not process.exit: what is still being written to a pipe would be cut off.
  process.exitCode = code
})
