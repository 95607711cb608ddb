// The same search in one process: node alone.mjs RESULT. It is copied beside the example.
import { writeFileSync } from 'node:fs';
import { search } from 'simdprop/search';
import { network, options, readData } from './space.mjs';

writeFileSync(process.argv[2], JSON.stringify(await search(network, readData(), options)));
