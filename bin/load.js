// The command reports its errors itself.
void import('../dist/cli/main.js');
