/** See `lanes.mjs`. */
export function inLanes<Step extends { readonly name: string }, Outcome extends { readonly isOk: boolean }>(
  stages: readonly (readonly (readonly Step[])[])[],
  perform: (step: Step) => Promise<Outcome>,
  onEnd: (step: Step, outcome: Outcome) => void,
): Promise<boolean>
