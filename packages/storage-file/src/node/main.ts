#!/usr/bin/env node
import { createInterface } from 'node:readline/promises'
import { runCommand } from './command-line.js'

process.exitCode = await runCommand(process.argv.slice(2), {
  log: (line) => console.log(line),
  error: (line) => console.error(line),
  ask: process.stdin.isTTY ? askOnTerminal : null,
})

async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}
