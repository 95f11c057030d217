import { connect, type Socket } from 'node:net'
import { challengeBytes, splitAddress, type Transport } from '@quorate/contracts'
import { encodeChallenge, GreetingReader } from '../src/handshake.js'

/** A transport of the future, which speaks versions 2 to 3 and no older one: dials, greets, and hears the answer. */
export const futureTransport: Transport = {
  start: async (host) => {
    const sockets = new Set<Socket>()
    return {
      address: '127.0.0.1:0',
      setPeers: (peers) => {
        for (const [peer, address] of peers) {
          const socket = connect(splitAddress(address)).on('error', () => {})
          const greeting = new GreetingReader('challenge')
          socket.write(encodeChallenge(host.environment.randomBytes(challengeBytes), { oldest: 2, newest: 3 }))
          socket.on('data', (chunk) => {
            const answer = greeting.read(chunk)?.greeting
            if (answer)
              host.onLink(
                peer,
                answer.kind === 'refusal' ? 'down' : 'up',
                answer.kind === 'refusal' ? answer.reason : '',
              )
          })
          sockets.add(socket)
        }
      },
      send: () => 'dropped',
      close: async () => {
        for (const socket of sockets) socket.destroy()
      },
    }
  },
}
