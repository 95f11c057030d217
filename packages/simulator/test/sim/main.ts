/** `pnpm sim`: simulated clusters of Raft. */
import { simulatorCommand } from '@quorate/simulator/node'
import { raftSubject } from '../raft/raft-subject.js'

process.exitCode = await simulatorCommand(raftSubject, process.argv.slice(2), {
  say: (line) => console.log(line),
  replay: 'pnpm sim',
})
