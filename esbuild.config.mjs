// Builds dist: one part per command and per shared group, because loading many small files takes longer than most commands.
// With an argument, builds into that directory.
import { buildProgram } from './build/bundle.mjs';

await buildProgram(process.argv[2] ?? 'dist');
