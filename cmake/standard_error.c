// Debian's static libraries are not position independent: a variable of glibc, which is another object of the process, is out
// of their reach. The linker lets them have this one in place of stderr (--defsym).
#include <stdio.h>

extern struct _IO_FILE_plus _IO_2_1_stderr_;

FILE *facededup_stderr = (FILE *)&_IO_2_1_stderr_;
