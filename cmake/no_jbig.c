// Stands in for libjbig, which Debian's libtiff.a asks for: it is under the GPL, and no photo is a JBIG fax. A TIFF that
// holds one is refused as damaged.
// The functions as libtiff 4.5 calls them; whatever they are given stays as it is.

#include <stddef.h>

enum { refused = 1 };

void jbg_dec_init(void* decoder) { (void)decoder; }
void jbg_dec_free(void* decoder) { (void)decoder; }
int jbg_newlen(unsigned char* bytes, size_t length) {
  (void)bytes, (void)length;
  return 0;
}
int jbg_dec_in(void* decoder, unsigned char* bytes, size_t length, size_t* used) {
  (void)decoder, (void)bytes, (void)length;
  if (used) *used = 0;
  return refused;
}
unsigned long jbg_dec_getsize(const void* decoder) {
  (void)decoder;
  return 0;
}
unsigned char* jbg_dec_getimage(const void* decoder, int plane) {
  (void)decoder, (void)plane;
  return NULL;
}
const char* jbg_strerror(int error) {
  (void)error;
  return "JBIG is not supported";
}
void jbg_enc_init(void* encoder, unsigned long width, unsigned long height, int planes, unsigned char** plane, void* output,
                  void* file) {
  (void)encoder, (void)width, (void)height, (void)planes, (void)plane, (void)output, (void)file;
}
void jbg_enc_out(void* encoder) { (void)encoder; }
void jbg_enc_free(void* encoder) { (void)encoder; }
