// The process of docs.test.ts that runs the snippets that read data files. It gets the address of a module, and answers
// with what the module printed, or with the error that it threw.

process.on('message', async (address: string) => {
  try {
    const { printed } = (await import(address)) as { printed: Map<number, string[]> };
    process.send?.({ printed: [...printed] });
  } catch (error) {
    process.send?.({ error: (error as Error).stack });
  }
});

export {};
