import type { Transport, TransportHost } from '@quorate/contracts'
import type { Process } from './process.js'

/** What is told of the frames that reach a process. */
export type OnFrame = (from: string, frame: Uint8Array) => void

/** A transport as a process uses it: what comes from outside waits while it is paused, and its death ends its links. */
export function transportOf(process: Process, transport: Transport, onFrame: OnFrame): Transport {
  return {
    start: async (host) => {
      const running = await process.await(transport.start(hostOf(process, host, onFrame)))
      process.onDeath(() => void running.close())
      return running
    },
  }
}

function hostOf(process: Process, host: TransportHost, onFrame: OnFrame): TransportHost {
  return {
    environment: host.environment,
    self: host.self,
    address: host.address,
    hello: (challenge, to) => host.hello(challenge, to),
    admit: (hello, credentials, challenge) =>
      new Promise((resolve, reject) => {
        const forget = process.onDeath(() => resolve({ refuse: 'it died before it answered' }))
        process.enter(() => void host.admit(hello, credentials, challenge).finally(forget).then(resolve, reject))
      }),
    onFrame: (from, channel, frame) => {
      let answer: 'malformed' | void = undefined
      process.enter(() => {
        onFrame(from, frame)
        answer = host.onFrame(from, channel, frame)
      })
      // A process that is paused has not judged it yet: its kernel goes on taking frames.
      return answer
    },
    onLink: (peer, state, reason) => process.enter(() => host.onLink(peer, state, reason)),
  }
}
