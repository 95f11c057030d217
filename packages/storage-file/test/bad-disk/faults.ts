/** What strace does to the system calls of a life. */
export interface Fault {
  /** The case of docs/testing.md that it is an example of. */
  readonly case: string
  readonly what: string
  /** strace's expression, with N for the ordinal of the call. */
  readonly inject: string
  /** Ordinals that are tried, from 1. */
  readonly upTo: number
  /** `read`: the life finds a place in order, and only reads it. */
  readonly verb: 'write' | 'read'
  /** The call is told as done and was not: then what it should have written may be missed, or refused. */
  readonly isLie: boolean
}

const honest = { verb: 'write', isLie: false } as const

export const faults: readonly Fault[] = [
  {
    case: 'W13',
    what: 'ENOSPC on write N and all later',
    inject: 'pwrite64,pwritev:error=ENOSPC:when=N+',
    upTo: 24,
    ...honest,
  },
  { case: 'W13', what: 'EDQUOT on write N', inject: 'pwrite64,pwritev:error=EDQUOT:when=N', upTo: 24, ...honest },
  { case: 'W13', what: 'ENOSPC on sync N', inject: 'fdatasync,fsync:error=ENOSPC:when=N', upTo: 40, ...honest },
  {
    case: 'W14',
    what: 'EIO on sync N and all later',
    inject: 'fdatasync,fsync:error=EIO:when=N+',
    upTo: 40,
    ...honest,
  },
  { case: 'W15', what: 'EIO on sync N alone', inject: 'fdatasync,fsync:error=EIO:when=N', upTo: 40, ...honest },
  { case: 'W14', what: 'EIO on write N', inject: 'pwrite64,pwritev:error=EIO:when=N', upTo: 24, ...honest },
  { case: 'W17', what: 'EIO on rename N', inject: 'rename:error=EIO:when=N', upTo: 10, ...honest },
  { case: 'W16', what: 'EIO on read N', inject: 'pread64:error=EIO:when=N', upTo: 24, verb: 'read', isLie: false },
  {
    case: 'W12',
    what: 'write N claims 37 bytes and writes none',
    inject: 'pwrite64,pwritev:retval=37:when=N',
    upTo: 24,
    verb: 'write',
    isLie: true,
  },
  {
    case: 'W23',
    what: 'killed at call N',
    inject: 'pwrite64,pwritev,fdatasync,fsync,rename,unlink,ftruncate:signal=KILL:when=N',
    upTo: 70,
    ...honest,
  },
  { case: 'W28', what: 'EMFILE on open N and all later', inject: 'openat:error=EMFILE:when=N+', upTo: 40, ...honest },
]
