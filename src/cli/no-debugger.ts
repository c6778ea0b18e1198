// SIGUSR1 would open Node's debugger, through which every user of the machine can run code in this process.
process.on('SIGUSR1', () => {});
