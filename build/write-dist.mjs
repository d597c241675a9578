// Builds dist in few files, because loading many small files takes longer than most commands.
// With an argument, builds into that directory.
import { buildProgram } from './bundle.mjs';

await buildProgram(process.argv[2] ?? 'dist');
