import { enableCompileCache } from 'node:module';

// What was compiled at an earlier start is not compiled again: it halves the time until the service is ready. The
// import waits for it, which is why this file holds nothing else.
enableCompileCache();
await import('./start.ts');
