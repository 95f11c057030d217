/** What requests over HTTP hold in this gateway. All of it is given back when their answers have left, or their senders. */
export interface GatewayLoad {
  /** Requests whose answers have not left. */
  readonly requests: number
  /** Requests that wait for somebody to lead. */
  readonly waiting: number
  /** Bytes of their bodies. */
  readonly bodyBytes: number
  /** Bytes of answers that have not left. */
  readonly answerBytes: number
}

/** The same as gauges, in the text format that Prometheus scrapes, version 0.0.4. */
export function loadText({ requests, waiting, bodyBytes, answerBytes }: GatewayLoad): string {
  return (
    gaugeText('quorate_http_pending', 'Requests over HTTP under way, the one that reads this included.', [
      ['kind="requests"', requests],
      ['kind="waiting"', waiting],
    ]) +
    gaugeText('quorate_http_pending_bytes', 'Bytes that requests over HTTP under way hold.', [
      ['of="bodies"', bodyBytes],
      ['of="answers"', answerBytes],
    ])
  )
}

function gaugeText(name: string, help: string, samples: readonly (readonly [labels: string, value: number])[]): string {
  const lines = samples.map(([labels, value]) => `${name}{${labels}} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}
