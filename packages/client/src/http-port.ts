/** One HTTP request, of those that a gateway answers. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `host:port`. */
  readonly address: string
  /** Path and parameters, in ASCII. */
  readonly path: string
  readonly accept: string
  /** JSON, or null for no body. */
  readonly body: string | null
  /** Called once, when the request may have reached the other side. Not called: it certainly has not, and never will. */
  readonly onSent: () => void
}

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Uint8Array
  /** The bytes read as UTF-8. */
  text(): string
}

/** A request under way. */
export interface HttpExchange {
  /**
   * Rejects when the connection could not be made, was lost, or brought no HTTP: with a `QuorateError` of outcome `notDone`
   * if it is certain that what was sent was not read.
   */
  readonly answer: Promise<HttpAnswer>
  /** Gives up: an answer that still comes is not read. What was not sent yet is never sent. */
  cancel(): void
}

/** How the client reaches members: a few connections to each, kept for the next request. */
export interface HttpPort {
  send(call: HttpCall): HttpExchange
  /** Ends every connection. */
  close(): Promise<void>
}
