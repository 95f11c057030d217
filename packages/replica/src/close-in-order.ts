import { describeError, type Logger } from '@quorate/contracts'

/** Closes one part after the other. One that fails keeps none of those behind it from being closed. */
export async function closeInOrder(
  parts: readonly (() => Promise<void>)[],
  { id, logger }: { readonly id: string; readonly logger: Logger },
): Promise<void> {
  for (const close of parts) {
    await close().catch((error: unknown) => logger.error({ id, error: describeError(error) }, 'a part did not close'))
  }
}
