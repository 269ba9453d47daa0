/**
 * System calls that a model never needs and that reach further than a sandbox shows: memory that belongs to no process and
 * so escapes the watchdog (memfd, System V segments and queues), mounts and namespaces, other processes' memory, keys, and
 * the doors through which kernels are attacked most (io_uring, bpf, userfaultfd, perf).
 */
const forbidden = {
  x64: [
    ...[29, 30, 31, 68, 319, 447], // shmget, shmat, shmctl, msgget, memfd_create, memfd_secret
    ...[155, 165, 166, 272, 308, 428, 429, 430, 431, 432, 433, 442], // pivot_root, mount, umount2, unshare, setns, open_tree … mount_setattr
    ...[101, 310, 311], // ptrace, process_vm_readv, process_vm_writev
    ...[248, 249, 250], // add_key, request_key, keyctl
    ...[298, 321, 323, 425, 426, 427], // perf_event_open, bpf, userfaultfd, io_uring_*
    ...[103, 163, 167, 168, 169, 172, 173, 175, 176, 179, 246, 303, 304, 313, 320], // syslog, acct, swap, reboot, ports, modules, quota, kexec, file handles
  ],
  arm64: [
    ...[194, 195, 196, 186, 279, 447],
    ...[41, 40, 39, 97, 268, 428, 429, 430, 431, 432, 433, 442],
    ...[117, 270, 271],
    ...[217, 218, 219],
    ...[241, 280, 282, 425, 426, 427],
    ...[116, 89, 224, 225, 142, 105, 106, 60, 104, 264, 265, 273, 294],
  ],
} as const
const auditArchitecture = { x64: 0xc000003e, arm64: 0xc00000b7 } as const

const loadWord = 0x20
const jumpIfEqual = 0x15
const jumpIfAtLeast = 0x35
const jumpAlways = 0x05
const give = 0x06
const allow = 0x7fff0000
// Buffers of sockets are memory of no process, and as large as is asked for: it is pretended that asking was granted.
const setSocketOption = { x64: 54, arm64: 208 } as const
const ofTheSocket = 1 // SOL_SOCKET
const bufferOptions = [7, 8, 32, 33] // SO_SNDBUF, SO_RCVBUF and those that need a capability
const pretend = 0x00050000
// "Function not implemented": what programs expect of an older kernel, and have another way for.
const refuse = 0x00050000 | 38
// From here on x86's calls are those of its 32-bit variant, under other numbers.
const x32 = 0x40000000

/** Of a call's six arguments, 8 bytes each after number, architecture and address; its lower half, which is first on both. */
const argumentAt = (i: number): number => 16 + 8 * i

type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number]

/** The filter as the kernel takes it (classic BPF, 8 bytes an instruction); null for a processor without a list here. */
export function seccompFilter(architecture: string = process.arch): Buffer | null {
  if (architecture !== 'x64' && architecture !== 'arm64') return null
  const numbers = [...forbidden[architecture]]
  // Jumps count the instructions they leap over; the last two are allow and refuse.
  const toRefuse = (at: number): number => numbers.length + buffers.length - at + 1
  const buffers: Instruction[] = [
    [jumpIfEqual, 0, bufferOptions.length + 5, setSocketOption[architecture]],
    [loadWord, 0, 0, argumentAt(1)],
    [jumpIfEqual, 0, bufferOptions.length + 3, ofTheSocket],
    [loadWord, 0, 0, argumentAt(2)],
    ...bufferOptions.map((option, at): Instruction => [jumpIfEqual, bufferOptions.length - at, 0, option]),
    [jumpAlways, 0, 0, 1],
    [give, 0, 0, pretend],
  ]
  const program: Instruction[] = [
    [loadWord, 0, 0, 4],
    [jumpIfEqual, 0, toRefuse(0) + 2, auditArchitecture[architecture]],
    [loadWord, 0, 0, 0],
    [jumpIfAtLeast, toRefuse(0), 0, x32],
    ...numbers.map((number, at): Instruction => [jumpIfEqual, toRefuse(at + 1), 0, number]),
    ...buffers,
    [give, 0, 0, allow],
    [give, 0, 0, refuse],
  ]
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(([code, whenTrue, whenFalse, value], i) => {
    bytes.writeUInt16LE(code, i * 8)
    bytes.writeUInt8(whenTrue, i * 8 + 2)
    bytes.writeUInt8(whenFalse, i * 8 + 3)
    bytes.writeUInt32LE(value, i * 8 + 4)
  })
  return bytes
}
