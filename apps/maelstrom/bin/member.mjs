#!/usr/bin/env node
// For harnesses that start members by the path of a program. Built by `pnpm build`.
import '../dist/main.js'
