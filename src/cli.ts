#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Others on this machine see what a process was started with, unless it says otherwise; an NHS number may be in it.
process.title = 'herald';
// As in main.ts: what was compiled at an earlier run is not compiled again.
enableCompileCache();
const { main } = await import('./cli/main.ts');
const { processTerminal } = await import('./cli/terminal.ts');

process.exitCode = await main(process.argv.slice(2), { env: process.env, ...processTerminal(process) });
