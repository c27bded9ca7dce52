// Runs a fuzz target on the files of a corpus, for builds without libFuzzer: replay CORPUS
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool passes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    try {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    } catch (const std::exception& error) {
        std::cerr << path << ": " << error.what() << '\n';
        return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t inputs = 0;
    std::size_t failures = 0;
    if (argc == 2) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
            ++inputs;
            failures += passes(entry.path()) ? 0U : 1U;
        }
    }
    std::cout << inputs << " inputs, " << failures << " failures\n";
    return inputs > 0 && failures == 0 ? 0 : 1;
}
