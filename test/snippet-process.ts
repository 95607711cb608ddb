// A process of docs.test.ts that runs a snippet and prints what it printed, as JSON in the last line:
//
//   address of the module

const { printed } = (await import(process.argv[2])) as { printed: Map<number, string[]> };
console.log(JSON.stringify([...printed]));

export {};
