import { connect, createServer, type Server, type Socket } from 'node:net'
import { splitAddress, type Credentials } from '@quorate/contracts'

/** How connections are made and what they prove. Everything above works on sockets and does not know which these are. */
export interface Sockets {
  /** Starts to connect to `host:port`. The socket emits {@link Sockets.connected} when it can be used. */
  dial(address: string): Socket
  /** The event of a socket that has been dialled successfully. */
  readonly connected: string
  /** A server that hands over each socket once it can be used. */
  serve(onSocket: (socket: Socket) => void): Server
  /** What this connection proved about the other side. */
  credentialsOf(socket: Socket): Credentials
  /** Ends connections that have not been handed over yet. */
  close(): void
}

/** Plain TCP: proves nothing. */
export const plainSockets: Sockets = {
  dial: (address) => connect({ ...splitAddress(address), noDelay: true }),
  connected: 'connect',
  serve: (onSocket) => createServer({ noDelay: true }, onSocket),
  credentialsOf: () => ({ name: null, how: 'none' }),
  close: () => {},
}
