import { spawn } from 'node:child_process'

/** `held`: another process has it. `absent`: this machine has no program `flock`. */
export type FlockOutcome = 'taken' | 'held' | 'absent'

/**
 * Locks an open file for as long as this process keeps it open, without waiting. Node.js has no call for `flock(2)`, so the
 * program of that name, of util-linux or BusyBox, is given the open file: the lock belongs to the open file, and stays when
 * the program has ended.
 */
export function flock(descriptor: number, program = 'flock'): Promise<FlockOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('absent')
      else reject(error)
    })
    child.once('exit', (code, signal) => {
      if (code === 0) resolve('taken')
      else if (code === 1) resolve('held')
      else
        reject(
          new Error(`the program flock ended with ${code ?? signal ?? 'nothing'}: does the file system have locks?`),
        )
    })
  })
}
